A unikernel with a network: its pages, its ports, its end.

  $ mirage init site > init.txt && mv site/* . && sed -i s/8080:80/0:80/ config.ts && mirage configure -q && mirage build -q
  $ mirage run -v --publish 0:80 > out.txt 2> log.txt & tool=$!
  > while ! grep -qs address log.txt || ! grep -qs http: out.txt; do sleep 0.05; done
  > url=$(grep -o 'http://.*' out.txt); curl -s $url | grep title
  > curl -s -o page.html -w '%{http_code} %{content_type}\n' $url; cmp page.html htdocs/index.html
  > curl -s -o page.html -w '%{http_code}\n' ${url}missing
  > kill -INT $tool; wait $tool; echo "exit code $?"
  > sed 's/[0-9.]* kB/N kB/g; s/:[0-9]*\/$/:PORT\//' out.txt
    <title>site</title>
  200 text/html; charset=utf-8
  404
  exit code 0
  site for unix: dist/site.mjs (N kB, N kB with gzip)
    http://127.0.0.1:PORT/
    10.0.0.2 on a network of its own

Another port inside is told as what it is:

  $ rm -f out.txt log.txt; mirage run --publish 0:7 --publish 0:53/udp -- --port 7 > out.txt 2> log.txt & tool=$!
  > while ! grep -qs address log.txt || ! grep -qs udp out.txt; do sleep 0.05; done
  > kill -TERM $tool; wait $tool; echo "exit code $?"
  > sed '1d; s/:[0-9][0-9]* leads/:PORT leads/; s/:[0-9]*\/$/:PORT\//' out.txt
  exit code 0
    http://127.0.0.1:PORT/
    tcp 127.0.0.1:PORT leads to port 7
    udp 127.0.0.1:PORT leads to port 53

What it carries can be recorded, all of it or one network:

  $ rm -f out.txt log.txt; mirage run -q --publish 0:80 --capture all.pcapng --capture-interface net 2> log.txt & tool=$!
  > while ! grep -qs address log.txt || ! test -s all.pcapng; do sleep 0.05; done
  > kill -INT $tool; wait $tool; echo "exit code $?"
  > od -A n -t x1 -N 4 all.pcapng; grep -ao -e 'mirage run' -e 'net' all.pcapng | head -n 2
  exit code 0
   0a 0d 0d 0a
  mirage run
  net
  $ mirage run -q --capture /nowhere/at.all
  error: option --capture: /nowhere/at.all cannot be written: ENOENT: no such file or directory
  [123]
  $ mirage run -q --capture all.pcapng --capture-interface admin
  error: option --capture-interface: there is no network admin, only net
  [124]
  $ mirage run -q --capture-interface net
  error: option --capture-interface is of no use without --capture
  [124]

One that somebody kills is not passed over in silence:

  $ rm -f out.txt log.txt; mirage run -q --publish 0:80 2> log.txt & tool=$!
  > while ! grep -qs address log.txt; do sleep 0.05; done
  > kill -KILL $(grep -lsa "$PWD/dist/site[.]mjs" /proc/[0-9]*/cmdline | cut -d/ -f3); wait $tool; echo "exit code $?"
  > tail -n 1 log.txt
  exit code 137
  error: site was ended by SIGKILL

A busy port is named, and the unikernel is not left behind:

  $ node -e "require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })" > port & taken=$!
  > while ! test -s port; do sleep 0.05; done
  > mirage run --publish $(cat port):80 2>&1 | sed "s/$(cat port)/PORT/; s/$(($(cat port) + 1000))/OTHER/; s/$(($(cat port) - 1000))/OTHER/; s/[0-9.]* kB/N kB/g"
  > mirage run -q --publish $(cat port):80 > out.txt 2>&1; echo "exit code $?"; kill $taken
  > grep -lsa "$PWD/dist/site[.]mjs" /proc/[0-9]*/cmdline || echo nobody is left
  site for unix: dist/site.mjs (N kB, N kB with gzip)
  error: port PORT of 127.0.0.1 is in use. Choose another with --publish OTHER:80
  exit code 123
  nobody is left

An address that is not this host's:

  $ mirage run -q --publish 192.0.2.1:8080:80
  error: this host has no address 192.0.2.1 for --publish
  [123]

Without the tool there is no network, and the unikernel says so:

  $ node dist/site.mjs
  site: net: there is no network interface: start this with mirage run, or name one with --interface
  [1]
