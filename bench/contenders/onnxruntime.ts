import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPackageRoot } from '../../lib/package_root.js'
import { contend } from '../contender.js'
import { lossOf, readData } from '../data.js'
import { load, versionOf } from '../packages.js'
import { timeCalls } from '../timing.js'

// onnxruntime-node, for prediction. The fixture names the files of the initial weights as its own.

type Outputs = Readonly<Record<string, { readonly data: Float32Array }>>
interface OnnxRuntime {
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => unknown
  readonly InferenceSession: {
    create(
      path: string,
      options: { intraOpNumThreads?: number },
    ): Promise<{ run(inputs: Readonly<Record<string, unknown>>): Promise<Outputs> }>
  }
}

await contend({
  version: () => versionOf('onnxruntime-node'),
  threads: 'given',
  run: {
    predict: async (task) => {
      const { InferenceSession, Tensor } = load('onnxruntime-node') as OnnxRuntime
      const { folder, threads, widths, seconds } = task
      const path = join(folder, 'network.onnx')
      copyFileSync(join(findPackageRoot(), 'bench', 'fixtures', `${widths.join('-')}.onnx`), path)
      const session = await InferenceSession.create(
        path,
        threads === undefined ? {} : { intraOpNumThreads: threads },
      )
      const data = readData(task)
      const call = () =>
        session.run({ x: new Tensor('float32', data.x, [data.rows, widths[0] ?? 1]) })
      const value = await timeCalls(seconds, call)
      return { value, loss: lossOf((await call()).y?.data ?? [], data) }
    },
    import: () => {
      const began = performance.now()
      load('onnxruntime-node')
      return { value: (performance.now() - began) / 1000 }
    },
  },
})
