import { QueryClientProvider, type QueryClient } from '@tanstack/react-query'
import { BrowserRouter, Route, Routes } from 'react-router'
import { ToastStack } from '../design/Toast'
import { ProjectsPage } from '../pages/projects/ProjectsPage'
import { SignInPage } from '../pages/signIn/SignInPage'
import { ErrorBoundary } from './ErrorBoundary'
import { NotFoundPage } from './NotFoundPage'
import { CyclePage, CyclesPage, DataPage, ExportPage, LabelRoute, OverviewPage, ReviewPage } from './parts'
import { ProjectLayout } from './ProjectLayout'
import { SignedIn } from './SignedIn'

export function App({ queryClient }: { queryClient: QueryClient }) {
  return (
    <QueryClientProvider client={queryClient}>
      <ErrorBoundary>
        <BrowserRouter>
          <AppRoutes />
        </BrowserRouter>
        <ToastStack />
      </ErrorBoundary>
    </QueryClientProvider>
  )
}

/** Addresses and their pages. */
export function AppRoutes() {
  return (
    <Routes>
      <Route path="/sign-in" element={<SignInPage />} />
      <Route element={<SignedIn />}>
        <Route index element={<ProjectsPage />} />
        <Route path="/projects/:slug" element={<ProjectLayout />}>
          <Route index element={<OverviewPage />} />
          <Route path="label" element={<LabelRoute />} />
          <Route path="cycles" element={<CyclesPage />} />
          <Route path="cycles/:number" element={<CyclePage />} />
          <Route path="data" element={<DataPage />} />
          <Route path="review" element={<ReviewPage />} />
          <Route path="export" element={<ExportPage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Route>
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  )
}
