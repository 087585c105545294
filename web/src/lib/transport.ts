// How the page came here.

/** Whether others can read on the way what is typed: plain HTTP, and not on this machine itself. */
export function isReadable(
  { protocol, hostname }: Pick<Location, 'protocol' | 'hostname'> = window.location,
) {
  return protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
}
