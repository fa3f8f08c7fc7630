import { contend } from '../contender.js'
import { versionOf } from '../packages.js'
import { grid, importPackage, predict, program, step } from '../tfjs.js'

await contend({
  version: () => versionOf('@tensorflow/tfjs-backend-wasm'),
  threads: 'one',
  run: {
    step: step('wasm'),
    predict: predict('wasm'),
    program: program('wasm'),
    grid: grid('wasm'),
    import: importPackage('wasm'),
  },
})
