/** On a narrow screen the tabs of a book scroll: the one that is open is in sight. */

const here = document.querySelector(".book-head .tabs [aria-current]");
if (here) here.parentElement.scrollLeft = here.offsetLeft - (here.parentElement.clientWidth - here.offsetWidth) / 2;
