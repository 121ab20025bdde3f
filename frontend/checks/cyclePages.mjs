/** The pages of cycles to look at beside the plain ones: compared, gone back, started by themselves, every setting. */
export function cyclePages(f, project) {
  const answers = (changes = {}) => project(f, changes)
  const openSettings = async (page) => {
    await page.getByRole('button', { name: 'Launch a cycle' }).first().click()
    await page.getByText('Every setting').click()
    await page.getByText('Training (').click()
    await page.getByLabel('Steps').fill('0')
  }
  return [
    {
      name: 'overview-reference',
      path: '/projects/demo',
      answers: answers({ 'GET /projects/demo/learning-curve': f.curveWithReference }),
      fullPage: true,
    },
    {
      name: 'compare',
      path: '/projects/demo/cycles/compare?before=2&after=3',
      answers: answers(),
      fullPage: true,
    },
    {
      name: 'cycle-go-back',
      path: '/projects/demo/cycles/2',
      answers: answers({
        'GET /projects/demo/cycles/2': f.readyCycles[1],
        'GET /projects/demo/cycles/2/lineage': f.lineage,
        'GET /projects/demo/cycles/2/likely-label-errors': f.labelErrors,
      }),
      act: (page) => page.getByRole('button', { name: 'Go back to this model' }).click(),
    },
    {
      name: 'cycles-triggers',
      path: '/projects/demo/cycles',
      answers: answers({ 'GET /projects/demo/cycle-triggers': f.triggersOn }),
    },
    {
      name: 'cycles-paused',
      path: '/projects/demo/cycles',
      answers: answers({ 'GET /projects/demo/cycle-triggers': f.triggersPaused }),
    },
    {
      name: 'triggers-dialog',
      path: '/projects/demo/cycles',
      answers: answers({ 'GET /projects/demo/cycle-triggers': f.triggersOn }),
      act: (page) => page.getByRole('button', { name: 'Set when cycles start' }).click(),
    },
    { name: 'launch-settings', path: '/projects/demo/cycles', answers: answers(), act: openSettings },
  ]
}
