/** The title and version of the platform API's OpenAPI document. */
export const API_DOCUMENT = { title: 'LaunchDB platform API', version: '1' } as const;
