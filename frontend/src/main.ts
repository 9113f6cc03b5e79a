/** The live page's entry: its style sheet and its elements. */

import "./page/page.css";
import "./page/elements/live-page";
