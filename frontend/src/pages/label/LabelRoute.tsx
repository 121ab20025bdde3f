import { useProject } from '../../app/ProjectLayout'
import { useUser } from '../../app/SignedIn'
import { LabelPage } from '../../label/LabelPage'

/** The label page at its address. */
export default function LabelRoute() {
  return <LabelPage project={useProject()} user={useUser()} />
}
