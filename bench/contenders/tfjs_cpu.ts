import { contend } from '../contender.js'
import { versionOf } from '../packages.js'
import { grid, importPackage, predict, program, step } from '../tfjs.js'

await contend({
  version: () => versionOf('@tensorflow/tfjs'),
  threads: 'one',
  run: {
    step: step('cpu'),
    predict: predict('cpu'),
    program: program('cpu'),
    grid: grid('cpu'),
    import: importPackage('cpu'),
  },
})
