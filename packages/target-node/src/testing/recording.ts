/** A process with devices 3, 4 and 5, which sends a frame on each and ends as its argument says: `exit` or `kill`. */
import { pair } from '@mirage/net/pair'
import { recorded } from '../recorded.ts'

for (const descriptor of [3, 4, 5]) {
  const { a, b } = pair({ mtu: 1000 * descriptor })
  const net = recorded(a, descriptor)
  b.listen(() => {})
  net.write(net.mtu, (frame) => frame.fill(descriptor).length)
}
if (process.argv[2] === 'exit') process.exit(0)
// By then what gathers has been written.
setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500)
