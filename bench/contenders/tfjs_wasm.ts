import { contend } from '../contender.js'
import { versionOf } from '../packages.js'
import { importPackage, predict, step } from '../tfjs.js'

await contend({
  version: () => versionOf('@tensorflow/tfjs-backend-wasm'),
  threads: 'one',
  run: { step: step('wasm'), predict: predict('wasm'), import: importPackage('wasm') },
})
