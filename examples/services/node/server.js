// A service whose settings are variables, as those of many are. It reads them once, when it starts.
'use strict';

const http = require('node:http');

/** Reads the settings; throws an Error that says what is wrong with them. */
function settings(env) {
  const greeting = env.GREETING;
  if (!greeting) throw new Error('GREETING must be set');
  const port = Number(env.PORT);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Error(`PORT must be a number from 1 to 65535, not "${env.PORT ?? ''}"`);
  }
  return { greeting, port };
}

let found;
try {
  found = settings(process.env);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

// node server.js --check only judges the variables.
if (!process.argv.includes('--check')) {
  const server = http.createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end(`${found.greeting}\n`);
  });
  server.listen(found.port, '127.0.0.1');
  // Asked to end: no new requests, and those under way are answered.
  process.on('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections?.();
  });
}
