// The one way to the server. Errors are thrown as `ProblemError`; components never call `fetch`.
import createClient from 'openapi-fetch';
import { ProblemError } from './problem';
import type { paths } from './schema';

/** The path below which the server is reached: empty, or such as `/pintle`. */
export const base = document.body.dataset.base?.startsWith('/') ? document.body.dataset.base : '';

const client = createClient<paths>({ baseUrl: base, credentials: 'same-origin' });

// A key has slashes of its own, and each of its segments is a segment of the address.
client.use({
  onRequest({ request, params }) {
    // By its type the server tells our requests from those of other sites' forms, also where there is nothing to send.
    if (request.method === 'POST' && !request.headers.has('content-type'))
      request.headers.set('content-type', 'application/json');
    const key = params.path?.key;
    if (typeof key !== 'string' || !key.includes('/')) return request;
    return new Request(request.url.replace(encodeURIComponent(key), key), request);
  },
});

type Outcome<T> = { data?: T; error?: unknown; response: Response };

/** The body of an answer, or a thrown `ProblemError`. */
export async function ask<T>(call: Promise<Outcome<T>>): Promise<T> {
  return (await askWithHeaders(call)).data;
}

/** The body of an answer with its headers, for an `ETag`. */
async function askWithHeaders<T>(call: Promise<Outcome<T>>): Promise<{ data: T; headers: Headers }> {
  let outcome: Outcome<T>;
  try {
    outcome = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw ProblemError.unreachable();
  }
  if (!outcome.response.ok) throw ProblemError.of(outcome.response, outcome.error);
  return { data: outcome.data as T, headers: outcome.response.headers };
}

export default client;
