// What every page has. Each behaviour attaches itself by attribute; without any, pages work as well.
import "./copy.js";
import "./forms.js";
import "./menus.js";
import "./reorder.js";
