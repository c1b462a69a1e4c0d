import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  build: {
    // Everything is a file of its own: the pages are served with a CSP that allows nothing inline.
    assetsInlineLimit: 0,
  },
});
