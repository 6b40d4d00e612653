// Reads each address that stdin names with Node's own HTTP/2 and says what came: bytes, and how it ended.
import http2 from 'node:http2'
import fs from 'node:fs'

const ca = fs.readFileSync(process.argv[2])
const rows = JSON.parse(fs.readFileSync(0, 'utf8'))

function read(url) {
  return new Promise((resolve) => {
    const { origin, pathname } = new URL(url)
    const session = http2.connect(origin, { ca })
    let text = ''
    let ended = false
    const done = (how) => {
      resolve([text, how])
      session.destroy()
    }
    session.on('error', (error) => done(error.code ?? error.message))
    const request = session.request({ ':method': 'POST', ':path': pathname, 'content-type': 'application/json' })
    request.setEncoding('utf8')
    request.on('data', (piece) => { text += piece })
    request.on('end', () => { ended = true })
    request.on('error', (error) => done(`${error.code}: ${error.message}`))
    request.on('close', () => done(ended ? `ended, code ${request.rstCode}` : `closed, code ${request.rstCode}`))
    request.end('{}')
    setTimeout(() => done('silence'), 3000).unref()
  })
}

console.log(JSON.stringify(await Promise.all(rows.map(read))))
process.exit(0)
