import { Section } from '../../design/Section'
import styles from './WayThrough.module.css'

const STEPS = [
  {
    title: 'Import',
    text: 'A particle list, as RELION and other programs write it, with its subtomograms. Your files stay as they are.',
  },
  {
    title: 'Label',
    text: 'Particles drawn at random at first, each with a key. Some of them only measure the network: it never learns from these.',
  },
  {
    title: 'Launch a cycle',
    text: 'From about 40 labels on, a network learns from them, predicts all others and picks those it would learn most from. Label these, and launch again.',
  },
  {
    title: 'Export',
    text: 'Every particle with its class and how sure that is, in the list you came with. What to expect of its purity is stated.',
  },
]

/** What a project without particles is about to be: the four steps, so that the first has a reason. */
export function WayThrough() {
  return (
    <Section title="From a list of particles to a classified set">
      <ol className={styles.steps}>
        {STEPS.map(({ title, text }, index) => (
          <li key={title} className={styles.step}>
            <span className={styles.number} aria-hidden="true">
              {index + 1}
            </span>
            <h3>{title}</h3>
            <p>{text}</p>
          </li>
        ))}
      </ol>
    </Section>
  )
}
