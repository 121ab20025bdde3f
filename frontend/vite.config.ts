import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../backend/tomosift/web',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 700, // checks/bundle.mjs holds the real limits
    // checks/bundle.mjs reads the manifest; and the licences of what is bundled go with it.
    manifest: 'manifest.json',
    license: { fileName: 'licenses.md' },
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: {
      '/api': { target: 'http://127.0.0.1:8765', changeOrigin: true },
      '/healthz': { target: 'http://127.0.0.1:8765', changeOrigin: true },
    },
  },
  worker: { format: 'es' },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/testing/setup.ts'],
    restoreMocks: true,
    testTimeout: 30_000,
    maxWorkers: '100%', // by default one core is left idle, which on two cores is half of them
  },
})
