declare module '@20minutes/s3rver' {
  export default class S3rver {
    constructor(options: {
      readonly address: string;
      readonly port: number;
      readonly silent: boolean;
      readonly directory: string;
      readonly vhostBuckets: boolean;
      readonly configureBuckets: readonly { readonly name: string }[];
    });
    run(): Promise<{ readonly port: number }>;
  }
}

declare module '@20minutes/s3rver/lib/signature/v4.js' {
  type Sign = (request: { readonly uri: string }, more: unknown) => string;
  const v4: { getStringToSign: Sign };
  export default v4;
}

declare module '@20minutes/s3rver/lib/stores/filesystem.js' {
  type Options = { readonly end?: number | string } | undefined;
  export default class FilesystemStore {
    getObject: (bucket: string, key: string, options: Options) => Promise<unknown>;
  }
}
