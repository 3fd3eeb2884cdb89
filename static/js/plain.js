import "./dialogs.js";
import "./menus.js";
import "./copy.js";
import "./reveal.js";
