// The Node.js function: answers hello to every request.
const http = require('http');

const server = http.createServer((request, response) => {
  request.resume();
  response.setHeader('Content-Type', 'text/plain');
  response.end('hello\n');
});

process.on('SIGTERM', () => process.exit(0));
server.listen(process.env.PORT || 8080);
