/** The live page's entry: its style sheet and its elements. */

import "./styles/page.css";
import "./page/elements/live-page";
