/** Where a folder's page is, below /console. */
export function placeOf(project: string, bucket?: string, folder = ''): string {
  const query = new URLSearchParams({
    ...(bucket !== undefined && { bucket }),
    ...(folder !== '' && { folder }),
  });
  return `/projects/${project}/files${query.size === 0 ? '' : `?${query.toString()}`}`;
}
