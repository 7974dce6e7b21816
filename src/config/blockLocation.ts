import { ConfigError } from './configError.js';

/** A bucket of an object store, and the credentials for it. */
interface BucketLocation {
  readonly endpoint: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const EXAMPLE = 's3://bucket/prefix?endpoint=http://localhost:7480';

/**
 * Reads `s3://BUCKET/PREFIX?endpoint=URL&region=REGION` and, from the environment, `AWS_ACCESS_KEY_ID` and
 * `AWS_SECRET_ACCESS_KEY`.
 *
 * @throws ConfigError
 */
export function blockLocationOf(text: string, env: NodeJS.ProcessEnv): BucketLocation {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const endpoint = url?.searchParams.get('endpoint') ?? '';
  if (url?.protocol !== 's3:' || url.hostname === '' || !/^https?:\/\/[^/?#]+\/?$/.test(endpoint))
    throw new ConfigError(`--blocks must be of the form ${EXAMPLE}, got ${JSON.stringify(text)}`);
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = env;
  if (accessKeyId === '' || secretAccessKey === '')
    throw new ConfigError(
      '--blocks needs the credentials of the object store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    );
  const path = decodeURIComponent(url.pathname.replace(/^\/+|\/+$/g, ''));
  const region = url.searchParams.get('region') ?? env['AWS_REGION'] ?? 'us-east-1';
  const prefix = path === '' ? '' : `${path}/`;
  return { endpoint, bucket: url.hostname, prefix, region, accessKeyId, secretAccessKey };
}
