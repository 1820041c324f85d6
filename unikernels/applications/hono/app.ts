/** A hono app as one would write it for any other host. */
import { Hono } from 'hono'
import { streamText } from 'hono/streaming'

export const app: Hono = new Hono()

app.get('/', (c) =>
  c.html(`<!doctype html>
<title>hono on Mirage</title>
<h1>Hello from hono</h1>
<p>This app is ordinary hono. Below it, everything is Mirage: HTTP, TCP/IP, Ethernet.</p>
<ul>
  <li><a href="/hello/world">a path parameter</a>
  <li><a href="/count">a response that streams</a>
  <li><code>curl --data-binary @file /echo</code> gives the file back
</ul>
`),
)

app.get('/hello/:name', (c) => c.json({ hello: c.req.param('name'), query: c.req.query() }))

app.get('/count', (c) =>
  streamText(c, async (stream) => {
    for (let count = 1; count <= 3; count++) {
      await stream.writeln(String(count))
      await stream.sleep(100)
    }
  }),
)

app.post('/echo', (c) => new Response(c.req.raw.body))

app.notFound((c) => c.text('nothing here\n', 404))
