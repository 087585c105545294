// Instances that are there: each says what it is, keeps a stream open, and reports what became of a revision.

import http from 'node:http';
import { once } from 'node:events';

/** Does something with each of so many numbers, some of them at the same time. */
export async function abreast(count, lanes, act) {
  let next = 0;
  const lane = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}

/**
 * Instances of an environment, whose streams the world ends. `tell` says of each number the `id`, what it says of itself, and its
 * receipts.
 */
export async function enlist(world, admin, env, count, lanes, tell) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
  const streams = [];
  world.after(async () => {
    for (const stream of streams) stream.destroy();
    agent.destroy();
  });
  await abreast(count, lanes, async (nth) => {
    const { id, declared, receipts } = tell(nth);
    const at = `environments/${env}/instances/${encodeURIComponent(id)}`;
    await admin.call('PUT', at, declared);
    const query = new URLSearchParams({ env, instance: id });
    for (const namespace of declared.namespaces) query.append('namespace', namespace);
    const request = http.get(`${admin.url}/api/v1/watch?${query}`, { agent, headers: { authorization: `Bearer ${admin.token}` } });
    request.on('error', () => {});
    const [stream] = await once(request, 'response');
    stream.resume().on('error', () => {});
    streams.push(stream);
    await admin.call('POST', `${at}/receipts`, { receipts });
  });
}
