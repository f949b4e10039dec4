/** The format that this program writes, on disk and in backups. Raised when older programs would misread it. */
export const FORMAT_VERSION = 1;
