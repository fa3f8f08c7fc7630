import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { contend } from '../contender.js'

// Node itself: what importing a package and an idle event loop are compared with.

await contend({
  version: () => process.version.slice(1),
  threads: 'one',
  run: {
    // From the start of the process to this file.
    import: () => ({ value: performance.now() / 1000 }),
    eventLoop: async ({ seconds }) => {
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      await setTimeout(Math.max(2, seconds) * 1000)
      delay.disable()
      return { value: delay.percentile(99) / 1e9 }
    },
  },
})
