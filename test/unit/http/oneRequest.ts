/** A process that sends one request to the port that it is given, keeps the connection, and has nothing else to do. */
import { HttpClient } from '../../../src/http/client.js';

const port = Number(process.argv[2]);
const body = [Buffer.from('x')];
new HttpClient().request(
  { host: '127.0.0.1', port, path: '/', headers: {}, body, bodyBytesMax: () => 100 },
  () => undefined,
);
