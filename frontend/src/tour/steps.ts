/** What the tour shows, in order. Each step stands beside a real part of the page, found by a selector. */

export interface TourStep {
  readonly page: '' | '/label'
  readonly anchor: string
  readonly title: string
  readonly text: string
}

export const STEPS: readonly TourStep[] = [
  {
    page: '',
    anchor: '[data-tour="next-step"]',
    title: 'What to do next',
    text: 'Each project’s first page says in one sentence what comes next, with the button that does it.',
  },
  {
    page: '/label',
    anchor: 'section[aria-label="Volume"]',
    title: 'One particle at a time',
    text: 'Three slices through the same point, and a 3D view. Drag in a slice to move the point; the wheel goes through the slices. A fits the contrast, L takes noise away, R puts everything back.',
  },
  {
    page: '/label',
    anchor: '[role="group"][aria-label="Classes"]',
    title: 'Say what it is',
    text: 'Press the key beside a class, or click it. The next particle is there at once.',
  },
  {
    page: '/label',
    anchor: '[role="group"][aria-label="Other answers"]',
    title: 'When you cannot say',
    text: 'U: a particle, but you cannot tell which. J: junk, no particle. S: leave it to somebody else. Z takes your last answer back, whatever it was.',
  },
  {
    page: '/label',
    anchor: 'aside[aria-label="Decision"]',
    title: 'Why this one?',
    text: 'The card says why it was chosen: the network learns most from it. Some come without any hint. They were drawn at random and measure how good the network is.',
  },
  {
    page: '/label',
    anchor: '[data-testid="outbox-status"]',
    title: 'Nothing gets lost',
    text: 'Each answer is kept in your browser until the service has it. If the connection breaks, go on; they are sent later.',
  },
  {
    page: '',
    anchor: 'nav[aria-label="Project"] a[href$="/cycles"]',
    title: 'Let the network learn',
    text: 'After about 40 labels, launch a cycle. The network learns from them, looks at all particles and picks the next batch. You can go on labeling meanwhile.',
  },
  {
    page: '',
    anchor: 'header button[aria-label="Help"]',
    title: 'Help is here',
    text: 'Press ? on any page for its keys. This tour can be taken again from there.',
  },
]
