import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { type Lineage, lineageAddress, lineageQuery } from '../../api/cycleModels'
import { Button } from '../../design/Button'
import { ErrorNotice } from '../../design/Notice'
import { Section } from '../../design/Section'
import { Skeleton } from '../../design/Skeleton'
import { formatCount, formatPlural } from '../../format/numbers'
import styles from './CyclePage.module.css'

/** What made a cycle's results: labels, lists, code, weights. With checksums, and as a file. */
export function LineageSection({ slug, cycle }: { slug: string; cycle: number }) {
  const lineage = useQuery(lineageQuery(slug, cycle))
  return (
    <Section
      title="Where it comes from"
      intro="What somebody needs who wants to cite these results or make them again. Equal checksums: the same thing."
      actions={
        <a href={lineageAddress(slug, cycle)} download={`${slug}-cycle-${cycle}-lineage.json`}>
          Download as JSON
        </a>
      }
    >
      {lineage.isPending && <Skeleton label="Loading where it comes from" lines={4} />}
      {lineage.isError && (
        <ErrorNotice
          error={lineage.error}
          actions={<Button onClick={() => void lineage.refetch()}>Try again</Button>}
        />
      )}
      {lineage.data && <Facts slug={slug} lineage={lineage.data} />}
    </Section>
  )
}

function Facts({ slug, lineage }: { slug: string; lineage: Lineage }) {
  const { labels, code, model, sources, ancestors } = lineage
  const particles = sources.reduce((sum, source) => sum + source.particles, 0)
  const versions = Object.entries(code.versions).map(([name, version]) => `${name} ${version}`)
  return (
    <dl className={styles.settings}>
      <Fact term="Labels" checksum={labels.checksum}>
        {labels.training === null ? 'not read yet' : `${formatCount(labels.training)} learned from`}
        {labels.evaluation !== null && `, ${formatCount(labels.evaluation)} measured on`}; class set version{' '}
        {labels.class_set_version}, up to event {labels.up_to_event}
      </Fact>
      <Fact term="Particles" checksum={sources.length === 1 ? sources[0]!.checksum : null}>
        {formatPlural(particles, 'particle')} of{' '}
        {sources.length === 1 ? sources[0]!.name : formatPlural(sources.length, 'list')}
      </Fact>
      <Fact term="Program" checksum={code.checksum}>
        {versions.length > 0 ? versions.join(', ') : 'not noted'}
        {code.device && `, on ${code.device}`}
      </Fact>
      {model && (
        <Fact term="Model" checksum={model.checksum}>
          {model.network}, {formatCount(model.parameters)} weights,{' '}
          {formatPlural(model.classes.length, 'class', 'classes')}
        </Fact>
      )}
      <Fact term="Goes on from" checksum={ancestors[0]?.model_checksum ?? null}>
        {ancestors[0] === undefined ? (
          'nothing: it was the first'
        ) : (
          <>
            <Link to={`/projects/${slug}/cycles/${ancestors[0].cycle}`}>cycle {ancestors[0].cycle}</Link>
            {lineage.began_with_weights_of === null
              ? '; training began with random weights'
              : '; training began with its weights'}
          </>
        )}
      </Fact>
    </dl>
  )
}

function Fact({ term, checksum, children }: { term: string; checksum: string | null; children: ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>
        {children}
        {checksum !== null && <code className={styles.checksum}>{checksum}</code>}
      </dd>
    </div>
  )
}
