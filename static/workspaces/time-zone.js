// A new person's times are shown in the zone of their browser; it can be changed on the profile page.
for (const input of document.querySelectorAll("[data-time-zone]")) {
  input.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}
