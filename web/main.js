// The page begins here.
import './process.js';
import './state/theme.js';
import * as hub from './state/hub.js';
import './views/app.js';

hub.start();
