import { median } from './statistics.js'

const fewest = 3
const stretch = 0.005 // seconds

/**
 * The median time of an epoch.
 *
 * @param epoch - trains for one, and may return the seconds it measured itself
 */
export async function timeEpochs(
  seconds: number,
  epoch: () => Promise<number | undefined> | number | undefined,
): Promise<number> {
  const times: number[] = []
  const began = performance.now()
  const spent = () => (performance.now() - began) / 1000
  // Slow ones stop after fewer.
  while (spent() < seconds || (times.length < fewest && spent() < 4 * seconds)) {
    const start = performance.now()
    const own = await epoch()
    times.push(own ?? (performance.now() - start) / 1000)
  }
  return median(times)
}

/** The median time of a call, in stretches that the clock can tell apart; the first is dropped. */
export async function timeCalls(seconds: number, call: () => unknown): Promise<number> {
  let count = 0
  // A synchronous call is not awaited: that would cost a microtask.
  const isAsync = call() instanceof Promise
  const repeat = async (times: number) => {
    const start = performance.now()
    if (isAsync) for (let i = 0; i < times; i++) await call()
    else for (let i = 0; i < times; i++) call()
    return (performance.now() - start) / 1000
  }
  for (let spent = 0; spent < Math.min(0.3, seconds); count++) spent += await repeat(1)
  const calls = Math.max(1, Math.round((count * stretch) / Math.min(0.3, seconds)))
  return (await timeEpochs(seconds, () => repeat(calls))) / calls
}
