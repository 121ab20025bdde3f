import { useProject } from '../../app/projectContext'
import { useUser } from '../../app/userContext'
import { LabelPage } from '../../label/LabelPage'

/** The label page at its address. */
export default function LabelRoute() {
  return <LabelPage project={useProject()} user={useUser()} />
}
