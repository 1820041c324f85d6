/** Dates as HTTP writes them: RFC 9110 §5.6.7. */

/** `Sun, 06 Nov 1994 08:49:37 GMT`; `epochMs` counts from 1970. Parts of a second are dropped. */
export function format(epochMs: number): string {
  return new Date(epochMs).toUTCString()
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const IMF = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/
const RFC850 = /^[A-Z][a-z]{5,8}, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/

/** Milliseconds since 1970 of a date in any of the three forms; `undefined` if it is in none of them. */
export function parse(text: string): number | undefined {
  const imf = IMF.exec(text)
  if (imf !== null) return at(Number(imf[3]), imf[2]!, Number(imf[1]), imf[4]!, imf[5]!, imf[6]!)
  const old = RFC850.exec(text)
  if (old !== null) {
    // Two digits are read as the nearest century but the far future, which RFC 9110 sets 50 years away:
    // nothing was modified before 1970, so one window serves for as long as that is not wrong.
    const year = Number(old[3])
    return at(year + (year < 70 ? 2000 : 1900), old[2]!, Number(old[1]), old[4]!, old[5]!, old[6]!)
  }
  const asctime = ASCTIME.exec(text)
  if (asctime === null) return undefined
  return at(Number(asctime[6]), asctime[1]!, Number(asctime[2]), asctime[3]!, asctime[4]!, asctime[5]!)
}

function at(
  year: number,
  month: string,
  day: number,
  hour: string,
  minute: string,
  second: string,
): number | undefined {
  const index = MONTHS.indexOf(month)
  if (index < 0 || day < 1 || day > 31 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) {
    return undefined
  }
  return Date.UTC(year, index, day, Number(hour), Number(minute), Number(second))
}
