What `mirage configure` says to a configuration that is wrong. Every time it names the line, ends with exit code 1,
and leaves the folder as it was.

  $ cp -r $FIXTURES/site/. . && ls -A
  config.ts
  htdocs
  unikernel.ts

A device is missing, or all are:

  $ sed -i 's/, files: crunch(.*)//' config.ts
  $ mirage configure
  error: config.ts:7:3: devices.files is missing: a Device<KvReader> is wanted
  [1]
  $ sed -i 's/devices: .*/devices: {},/' config.ts
  $ mirage configure
  error: config.ts:7:3: devices.clock is missing: a Device<Clock> is wanted; devices.files is missing: a Device<KvReader> is wanted
  [1]

A network where a store is wanted, and a device that nobody asked for:

  $ sed -i 's/devices: .*/devices: { clock: clock(), files: network(), more: clock() },/; s/crunch/network/' config.ts
  $ mirage configure
  error: config.ts:7:30: devices.files: this is a Device<Net>, but a Device<KvReader> is wanted
  [1]

  $ sed -i 's/devices: .*/devices: { clock: clock(), files: memoryKv(), more: clock() },/; s/network/memoryKv/' config.ts
  $ mirage configure
  error: config.ts:7:49: devices.more: nobody takes a device of this name
  [1]
  $ sed -i 's/memoryKv/network/' config.ts

A device of one's own that needs something else, and one whose module is not there:

  $ cat > led.ts <<END
  > import type { Clock } from '@mirage/clock'
  > import { type Result, ok } from '@mirage/result'
  > export function connect(needs: { clock: Clock }): Result<string, string> {
  >   return ok(typeof needs)
  > }
  > END
  $ cat > config.ts <<END
  > import { unikernel } from '@mirage/configure'
  > import { device } from '@mirage/configure/device'
  > import { clock, crunch, network } from '@mirage/configure/devices'
  > 
  > const led = device<typeof import('./led.ts')>({ name: 'led', module: './led.ts', needs: { clock: network() } })
  > export default unikernel<{ start(devices: { led: string }): void }>({
  >   name: 'site',
  >   main: './unikernel.ts',
  >   devices: { led },
  > })
  > END
  $ mirage configure
  error: config.ts:5:91: needs.clock: this is a Device<Net>, but a Device<Clock> is wanted
  [1]
  $ sed -i 's/clock: network()/clock: clock()/' config.ts && mv led.ts light.ts
  $ mirage configure
  error: config.ts:5:34: Cannot find module './led.ts' or its corresponding type declarations.
  [1]
  $ rm light.ts && cp $FIXTURES/site/config.ts . && sed -i 's/crunch/network/' config.ts

A combinator that does not exist, and one that was not given what it needs:

  $ sed -i 's/devices: .*/devices: { clock: clock(), files: kvRo() },/; s/network }/kvRo, tape }/' config.ts
  $ mirage configure
  error: config.ts:2:23: Module '"@mirage/configure/devices"' has no exported member 'tape'.
  error: config.ts:7:37: Expected 1 arguments, but got 0.
  [1]

The main module is not there:

  $ cp $FIXTURES/site/config.ts . && mv unikernel.ts main.ts
  $ mirage configure
  error: config.ts:6:9: main: there is no file ./unikernel.ts
  [1]
  $ mv main.ts unikernel.ts

The folder of files is not there, and neither is another:

  $ sed -i "s|'./htdocs'|'./pages'|" config.ts
  $ mirage configure
  error: config.ts:7:44: files: there is no folder ./pages
  [1]

Something does not parse:

  $ sed -i 's/name: /name = /' config.ts
  $ mirage configure
  error: config.ts:5:8: Did you mean to use a ':'? An '=' can only follow a property name when the containing object literal is part of a destructuring pattern.
  [1]

Something throws, in the configuration or in what it imports:

  $ cp $FIXTURES/site/config.ts . && sed -i '3i const port = Number(undefined)\nif (!(port > 0)) throw new Error("no port")' config.ts
  $ mirage configure
  error: config.ts:4:24: no port
  [1]
  $ cp $FIXTURES/site/config.ts . && sed -i "3i import './more.ts'" config.ts && printf 'export const x: number = 1\n\nthrow new Error("boom")\n' > more.ts
  $ mirage configure
  error: more.ts:3:7: boom
  [1]

Values that no type can judge are told together:

  $ cp $FIXTURES/site/config.ts . && sed -i "s/'site'/'my site'/; s/^})/ publish: ['80', '8080:80'],\n})/" config.ts
  $ mirage configure
  error: config.ts:5:9: name: 'my site' is not a name: letters, digits, - and _
  error: config.ts:8:12: publish: '80' is not <host port>:<port of the unikernel>
  [1]

Two ports that are one, and a path that looks like the name of a package:

  $ cp $FIXTURES/site/config.ts . && sed -i "s/main: .*/main: 'unikernel.ts',/; s/^})/  publish: ['8080:80', '8080:81', '0:80', '0:81', '8080:80\/udp'],\n})/" config.ts
  $ mirage configure
  error: config.ts:6:9: main: 'unikernel.ts' is no path: write './unikernel.ts'
  error: config.ts:8:24: publish: '8080:81' takes a port of the host that is taken above
  [1]

It never says what it is, or ends the program that asks:

  $ cp $FIXTURES/site/config.ts . && echo 'await new Promise(() => {})' >> config.ts
  $ mirage configure
  error: config.ts: it awaits something that never comes
  [1]
  $ sed -i '$d' config.ts && sed -i '1i process.exit(7)' config.ts
  $ mirage configure
  [7]

The default export is something else:

  $ echo 'export default 42' > config.ts
  $ mirage configure
  error: config.ts: the default export is not a unikernel(…)
  [1]

There is no configuration at all:

  $ rm config.ts more.ts
  $ mirage configure
  error: configuration file config.ts missing. Make one with: mirage init <name>
  [1]
  $ mirage configure -f other.ts
  error: configuration file other.ts missing.
  [1]

A mistake in the unikernel itself is found as well:

  $ cp $FIXTURES/site/config.ts . && sed -i 's/found.ok ?/found.okay ?/' unikernel.ts
  $ mirage configure
  error: unikernel.ts:10:17: Property 'okay' does not exist on type 'Result<readonly Entry[], KvError>'.
  error: unikernel.ts:10:30: Property 'value' does not exist on type 'Result<readonly Entry[], KvError>'.
  error: unikernel.ts:10:43: Binding element 'name' implicitly has an 'any' type.
  error: unikernel.ts:10:78: Property 'error' does not exist on type 'Result<readonly Entry[], KvError>'.
  [1]

Somebody changes their mind in the middle, which lasts as long as nobody writes a file that is read:

  $ mkfifo more.ts && sed -i "1i import './more.ts'" unikernel.ts
  $ mirage configure & tool=$!
  > while ! grep -qsa "$PWD/.mirage/[t]ypes-" /proc/[0-9]*/cmdline; do sleep 0.05; done
  > kill -TERM $tool; wait $tool
  [143]

Nothing was left behind, and nobody:

  $ while grep -qsa "$PWD/.mirage/[t]ypes-" /proc/[0-9]*/cmdline; do sleep 0.05; done
  $ rm more.ts && ls -A
  config.ts
  htdocs
  unikernel.ts
