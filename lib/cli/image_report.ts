import type { Dataset } from '../dataset.js'
import type { Network } from '../network.js'
import { images } from '../plot/images.js'
import { confusion } from '../plot/confusion.js'
import type { ReportSection } from '../plot/index.js'
import { percent } from '../plot/labels.js'

const mostShown = 36

/** How a network does on images that it was not trained on: whom it confuses, and the worst of them. */
export async function imageSections(network: Network, test: Dataset): Promise<ReportSection[]> {
  const labels = test.y
  if (!(labels instanceof Int32Array)) throw new Error('No labels')
  const predictions = network.classify(test)
  const { data, shape } = network.predict(test)
  const shares = Array.from(labels, (label, row) => data[row * shape[1] + label] ?? NaN)
  const worst = [...labels.keys()]
    .sort((a, b) => (shares[a] ?? 0) - (shares[b] ?? 0))
    .slice(0, mostShown)
  const wrong = labels.filter((label, row) => label !== predictions[row]).length
  return [
    {
      title: 'What is taken for what',
      parts: [
        {
          svg: await confusion(
            { labels, predictions },
            { title: 'Confusion matrix of the test set' },
          ),
          name: 'confusion',
        },
      ],
    },
    {
      title: 'The worst ones',
      parts: [
        `${wrong} of ${labels.length} images of the test set are wrong. These are the ones whose ` +
          'true class the network found least likely.',
        {
          svg: await images(test.subset(worst), {
            title: 'Worst images of the test set',
            subtitle:
              '✗: what it was taken for; p: the probability that the network gave the truth',
            predictions: worst.map((row) => predictions[row] ?? NaN),
            notes: worst.map((row) => `p = ${percent(shares[row] ?? NaN, 1)}`),
            inverted: true,
          }),
          name: 'worst',
        },
      ],
    },
  ]
}

/** Some images of every class, in the order of the classes. */
export async function sampleSection(data: Dataset): Promise<ReportSection> {
  const labels = data.y
  if (!(labels instanceof Int32Array)) throw new Error('No labels')
  const columns = 8
  const shown = Array.from({ length: data.classes }, (_, digit) =>
    [...labels.keys()].filter((row) => labels[row] === digit).slice(0, columns),
  ).flat()
  return {
    title: 'Some of the images',
    parts: [
      {
        svg: await images(data.subset(shown), {
          title: 'Images and labels',
          columns,
          inverted: true,
        }),
        name: 'images',
      },
    ],
  }
}
