/** The refusal of a request, whatever it asks, with its reason. */
export interface Refusal {
  readonly status: 400 | 403 | 405 | 413 | 415 | 503;
  /** One sentence for a person. */
  readonly reason: string;
}

/** The refusal of a body that is larger than the limit, in bytes. */
export function tooLarge(bodyBytesMax: number): Refusal {
  return {
    status: 413,
    reason: `The request body is larger than the ${bodyBytesMax} bytes that are allowed.`,
  };
}

/** The refusal of a body for which there is no room beside all the others that are on their way. */
export const noRoom: Refusal = {
  status: 503,
  reason: 'The server holds too many unfinished requests, and this one took the longest; send it again.',
};

/** The refusal of a reply for which there is no room beside all those that clients have not taken yet. */
export const tooMuchUnread =
  'the server holds too many replies that their clients have not read yet; try again later';

/** The refusal of a body that is compressed in a way that this server does not know. */
export function unknownCoding(contentEncoding: string | undefined): Refusal {
  return {
    status: 415,
    reason: `The request body is compressed as ${String(contentEncoding).slice(0, 40)}; use gzip, deflate or nothing.`,
  };
}
