/** Measures how much the network carries, with iperf3 at the other end. */
import { format } from '@mirage/address/endpoint'
import { type IpAddress, isIpv4 } from '@mirage/address/ip'
import * as argument from '@mirage/argument'
import type { Values } from '@mirage/argument'
import { source } from '@mirage/console/logs'
import { type Result, err, ok } from '@mirage/result'
import type { Stack } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'
import * as protocol from './protocol.ts'
import type { Parameters } from './protocol.ts'
import { type Devices, Session, type Settings } from './session.ts'

const log = source('iperf')

/** A number with K, M, G or T behind it, which multiply it by powers of 1000. */
function amount(info: argument.Info<number>): argument.Argument<number> {
  const units = ' KMGT'
  return argument.of(
    {
      docv: 'NUMBER[KMGT]',
      expected: 'a number such as 100M',
      parse(word) {
        const [, digits, unit = ' '] = /^([0-9]+(?:\.[0-9]+)?)([KMGT])?$/i.exec(word) ?? []
        return digits === undefined
          ? err('bad-amount')
          : ok(Number(digits) * 1000 ** units.indexOf(unit.toUpperCase()))
      },
      show: (value) => (value === 0 ? '' : String(value)),
    },
    info,
  )
}

export const args = {
  client: argument.optional(
    argument.address({
      doc: 'Measure with the server at this address, by IPv4 or IPv6; without it, be the server.',
      alias: 'c',
    }),
  ),
  port: argument.port({ doc: "The server's port, for TCP and UDP.", default: protocol.PORT, alias: 'p' }),
  oneOff: argument.flag({ doc: 'End after one test, as a server.' }),
  interval: argument.number({
    doc: 'Seconds between two lines; 0 for none.',
    default: 1,
    min: 0,
    max: 60,
    alias: 'i',
  }),
  udp: argument.flag({ doc: 'Send datagrams.', alias: 'u' }),
  reverse: argument.flag({ doc: 'Let the server send.', alias: 'R' }),
  parallel: argument.integer({
    doc: 'How many streams.',
    default: 1,
    min: 1,
    max: protocol.STREAMS_MAX,
    alias: 'P',
  }),
  time: argument.number({ doc: 'How long, in seconds.', default: 10, min: 1, max: 86_400, alias: 't' }),
  bytes: amount({ doc: 'How many bytes, instead of how long.', default: 0, alias: 'n' }),
  blocks: amount({ doc: 'How many blocks, instead of how long.', default: 0, alias: 'k' }),
  bandwidth: argument.optional(
    amount({
      doc: 'Bits a second of one stream, 0 for as many as there can be; 1M by UDP unless told.',
      alias: 'b',
    }),
  ),
  length: argument.integer({
    doc: 'Bytes of a block; 0 for 128 KiB by TCP, and for what one packet carries by UDP.',
    default: 0,
    min: 0,
    max: 1_048_576,
  }),
}

export async function start(devices: Devices, values: Values<typeof args>): Promise<Result<void, string>> {
  const { client, port, interval, udp, length } = values
  const settings: Settings = { port, interval, print: (line) => log.info(line) }
  if (client === undefined) return serve(devices, settings, values.oneOff)
  if (udp && length !== 0 && (length < 16 || length > 65_507))
    return err('--length: a datagram has 16 to 65507 bytes.')
  const server = { address: client, port }
  const connection = await devices.stack.tcp.connect(server)
  if (!connection.ok) return err(`no connection to ${format(server)}: ${connection.error}`)
  log.info(`connected to ${format(server)}`)
  const blockSize = length !== 0 ? length : udp ? datagramSize(devices.stack, client) : 131_072
  const session = await Session.request(devices, settings, connection.value, parametersOf(values, blockSize))
  return session.run()
}

/** What one packet to `dst` carries behind the header of UDP. */
function datagramSize({ ip, ipv6 }: Stack, dst: IpAddress): number {
  const mtu = isIpv4(dst) ? ip.mtu(dst) : ipv6?.mtu(dst)
  return (mtu ?? IPV6_PAYLOAD_MIN) - 8
}

/** Every link carries as much by IPv6: RFC 8200 §5. */
const IPV6_PAYLOAD_MIN = 1240

function parametersOf(values: Values<typeof args>, blockSize: number): Parameters {
  const { udp, reverse, parallel, time, bytes, blocks, bandwidth } = values
  return {
    protocol: udp ? 'udp' : 'tcp',
    seconds: bytes > 0 || blocks > 0 ? 0 : time,
    bytes,
    blocks: bytes > 0 ? 0 : blocks,
    parallel,
    isReverse: reverse,
    isBidirectional: false,
    blockSize,
    bandwidth: bandwidth ?? (udp ? 1_000_000 : 0),
    omit: 0,
    hasLongCounters: udp,
  }
}

/** Connections whose cookie has not arrived, at a time: one more is refused. */
const NEWCOMERS_MAX = 2 * protocol.STREAMS_MAX
/** A client that is gone without a word is missed after this, in milliseconds. */
const KEEP_ALIVE = { after: 20_000, interval: 5000, probes: 4 }

/** Tests with one client after the other, or with one. */
async function serve(devices: Devices, settings: Settings, isOneOff: boolean): Promise<Result<void, string>> {
  const { tcp, udp } = devices.stack
  const { port } = settings
  let session: Session | undefined
  let isTaken = false
  let newcomers = 0
  return new Promise((resolve) => {
    const accept = async (flow: TcpFlow): Promise<void> => {
      if (newcomers >= NEWCOMERS_MAX) return flow.abort()
      newcomers += 1
      const cookie = await readCookie(devices, flow)
      newcomers -= 1
      if (cookie === undefined) return flow.abort()
      if (session?.takes(cookie) === true) return session.addFlow(flow)
      if (isTaken) {
        await flow.write(Uint8Array.of(protocol.ACCESS_DENIED))
        return flow.close()
      }
      isTaken = true
      log.info(`accepted a test from ${format(flow.remote)}`)
      session = await Session.serve(devices, settings, flow, cookie)
      const ended = await session.run()
      session = undefined
      isTaken = false
      if (!ended.ok) log.warning(ended.error)
      if (isOneOff) resolve(ended)
    }
    const listening = tcp.listen(port, (flow) => void accept(flow), { keepAlive: KEEP_ALIVE })
    const receiving = udp.listen(port, (datagram) => void session?.addDatagram(datagram))
    if (!listening.ok || !receiving.ok) return resolve(err(`port ${port} is in use`))
    log.info(`listening on port ${port}`)
  })
}

/** The first bytes of a connection, if they come in time; nothing else comes before the server has answered. */
async function readCookie({ clock }: Devices, flow: TcpFlow): Promise<Uint8Array | undefined> {
  const cookie = new Uint8Array(protocol.COOKIE_SIZE)
  let length = 0
  const cancel = clock.at(clock.now() + 10_000, () => flow.abort())
  while (length < cookie.length) {
    const read = await flow.read()
    if (!read.ok || read.value === 'eof' || read.value.length > cookie.length - length) break
    cookie.set(read.value, length)
    length += read.value.length
  }
  cancel()
  return length === cookie.length ? cookie : undefined
}
