// This import comes first: the libraries below keep the WebSocket that they find.
import './network/install-line.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { applyTheme, rememberedTheme } from './theme/theme.ts';
import './styles/index.css';

applyTheme(rememberedTheme());
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
