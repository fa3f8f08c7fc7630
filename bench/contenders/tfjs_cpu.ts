import { contend } from '../contender.js'
import { versionOf } from '../packages.js'
import { importPackage, predict, step } from '../tfjs.js'

await contend({
  version: () => versionOf('@tensorflow/tfjs'),
  threads: 'one',
  run: { step: step('cpu'), predict: predict('cpu'), import: importPackage('cpu') },
})
