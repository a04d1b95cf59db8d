import { useEffect, useRef } from 'react';

interface BlobImageProps {
  readonly bytes: Blob;
  /** '': what it shows is said beside it */
  readonly alt: string;
}

/** A picture that was read with a token. Its address is good in this page alone, and only while it is shown. */
export function BlobImage({ bytes, alt }: BlobImageProps) {
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const url = URL.createObjectURL(bytes);
    if (image.current) image.current.src = url;
    return () => URL.revokeObjectURL(url);
  }, [bytes]);
  return <img ref={image} alt={alt} />;
}
