/** `npm run dev`, then /dev/label.html: the label page on a pretended service. `?box=64&snr=0.05&items=3&cycle=1`. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { MemoryRouter, Route, Routes } from 'react-router'
import { TopBar } from '../src/app/TopBar'
import '../src/design/base.css'
import '../src/design/tokens.css'
import { LabelPage } from '../src/label/LabelPage'
import { phantomVolume } from './phantoms'
import { PretendedService, project, user } from './pretendedService'

const query = new URLSearchParams(location.search)
const theme = query.get('theme')
if (theme !== null) document.documentElement.dataset.theme = theme
const number = (name: string, otherwise: number): number => Number(query.get(name) ?? otherwise)

const service = new PretendedService({
  box: number('box', 28),
  snr: number('snr', 0.1),
  items: number('items', 60),
  latencyMs: number('latency', 8),
  cycle: query.has('cycle') ? { stage: 'train', done: 200, total: 500 } : null,
})
service.install()
for (let index = 0; index < 24; index++) phantomVolume(index, service.knobs.box, service.knobs.snr)
Object.assign(globalThis, { service })

const root = document.getElementById('root')
if (root === null) throw new Error('label.html has no element with the id "root".')
createRoot(root).render(
  <QueryClientProvider client={new QueryClient()}>
    <MemoryRouter initialEntries={['/projects/demo/label']}>
      <Routes>
        <Route
          path="*"
          element={
            <>
              <TopBar user={user} onHelp={() => undefined} />
              <LabelPage project={project} user={user} />
            </>
          }
        />
      </Routes>
    </MemoryRouter>
  </QueryClientProvider>,
)
