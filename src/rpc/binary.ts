/**
 * How requests are read: fields that we do not know are passed over.
 *
 * Why: the library would keep each as an object of its own, and 4 MiB can be two million of them.
 */
export const BINARY = { readUnknownFields: false } as const;
