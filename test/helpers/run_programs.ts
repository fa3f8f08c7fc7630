import { inspect } from 'node:util'

// Runs the modules named on the command line one after the other, in one process, and tells the
// parent of each: its address, and what it threw.

for (const address of process.argv.slice(2)) {
  let error: string | undefined
  try {
    await import(address)
  } catch (thrown) {
    error = inspect(thrown)
  }
  process.send?.({ address, error })
}
process.disconnect() // and ends by itself, unless a program left something running
