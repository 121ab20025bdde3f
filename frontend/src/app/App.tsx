import { QueryClientProvider, type QueryClient } from '@tanstack/react-query'
import { Suspense } from 'react'
import { BrowserRouter, Outlet, Route, Routes } from 'react-router'
import { ToastStack } from '../design/Toast'
import { ProjectsPage } from '../pages/projects/ProjectsPage'
import { SignInPage } from '../pages/signIn/SignInPage'
import { ErrorBoundary } from './ErrorBoundary'
import { NotFoundPage } from './NotFoundPage'
import {
  AccountPage,
  ActivityPage,
  ClassesPage,
  CompareCyclesPage,
  CyclePage,
  CyclesPage,
  DataPage,
  DeletedProjectsPage,
  ExportPage,
  GalleryPage,
  InvitationPage,
  LabelRoute,
  MapPage,
  MembersPage,
  NewPasswordPage,
  OverviewPage,
  PeoplePage,
  ProjectSettingsPage,
  ReviewPage,
  ServiceActivityPage,
  SystemPage,
  WebhooksPage,
} from './parts'
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
      <Route
        element={
          <Suspense fallback={null}>
            <Outlet />
          </Suspense>
        }
      >
        <Route path="/invitation" element={<InvitationPage />} />
        <Route path="/new-password" element={<NewPasswordPage />} />
      </Route>
      <Route element={<SignedIn />}>
        <Route index element={<ProjectsPage />} />
        <Route path="/projects/:slug" element={<ProjectLayout />}>
          <Route index element={<OverviewPage />} />
          <Route path="label" element={<LabelRoute />} />
          <Route path="cycles" element={<CyclesPage />} />
          <Route path="cycles/compare" element={<CompareCyclesPage />} />
          <Route path="cycles/:number" element={<CyclePage />} />
          <Route path="data" element={<DataPage />} />
          <Route path="gallery" element={<GalleryPage />} />
          <Route path="map" element={<MapPage />} />
          <Route path="review" element={<ReviewPage />} />
          <Route path="export" element={<ExportPage />} />
          <Route path="settings" element={<MembersPage />} />
          <Route path="settings/project" element={<ProjectSettingsPage />} />
          <Route path="settings/classes" element={<ClassesPage />} />
          <Route path="settings/activity" element={<ActivityPage />} />
          <Route path="settings/webhooks" element={<WebhooksPage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Route>
        <Route path="account" element={<AccountPage />} />
        <Route path="admin" element={<PeoplePage />} />
        <Route path="admin/activity" element={<ServiceActivityPage />} />
        <Route path="admin/projects" element={<DeletedProjectsPage />} />
        <Route path="admin/system" element={<SystemPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  )
}
