// A small API on Node's own http module: one route waits, one computes.
const http = require('http')

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function compute (ms) {
  const start = process.cpuUsage().user
  let sum = 0
  while (process.cpuUsage(undefined).user - start < ms * 1000) {
    for (let i = 0; i < 20000; i++) sum += Math.sqrt(i)
  }
  return sum
}

http.createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://api')
  let answer = 'unknown'
  if (pathname === '/v1/users') { await pause(500); answer = '[]' }
  if (pathname === '/v1/digest') answer = String(compute(300))
  response.writeHead(answer === 'unknown' ? 404 : 200, { 'Content-Type': 'application/json' })
  response.end(answer)
}).listen(Number(process.argv[2]), '127.0.0.1')
