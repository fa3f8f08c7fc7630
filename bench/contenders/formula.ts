import { contend } from '../contender.js'
import { readData } from '../data.js'

// What a fit may need by the formula: the data set, four times the parameters (weights, gradients and
// Adam's two averages), one batch's activations, and 30 MB. No measurement.

const allowance = 30e6
const bytes = 4

await contend({
  version: () => '-',
  threads: 'one',
  run: {
    memory: (task) => {
      const { widths, batch } = task
      const { x, rows } = readData(task)
      const parameters = widths
        .slice(1)
        .reduce((sum, units, i) => sum + ((widths[i] ?? 0) + 1) * units, 0)
      const activations = batch * widths.reduce((sum, width) => sum + width, 0)
      const values = x.length + rows + 4 * parameters + activations
      return { value: bytes * values + allowance }
    },
  },
})
