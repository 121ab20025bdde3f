import { useProject } from '../../app/projectContext'
import { useUser } from '../../app/userContext'
import { GalleryDesk } from './GalleryDesk'

/** The pool as pictures: sorted, filtered, selected by the hundred and labeled at once. */
export default function GalleryPage() {
  const project = useProject()
  const user = useUser()
  return <GalleryDesk key={`${project.slug}/${user.id}`} project={project} user={user} />
}
