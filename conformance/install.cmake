# The suite as a product: share/paned/conformance, and a link to its program in bin. What tests the suite itself stays here.
include(GNUInstallDirs)
set(suite ${CMAKE_INSTALL_DATADIR}/paned/conformance)
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/ DESTINATION ${suite} USE_SOURCE_PERMISSIONS
  REGEX "/conformance/(image|sessions|results|report.html|report/golden)$" EXCLUDE
  PATTERN __pycache__ EXCLUDE
  PATTERN test_*.py EXCLUDE
  PATTERN fake_server.py EXCLUDE
  PATTERN CMakeLists.txt EXCLUDE
  PATTERN install.cmake EXCLUDE
  PATTERN installed_check.sh EXCLUDE
  PATTERN paned-conformance.1 EXCLUDE)
# By itself: a session may hold files of any name.
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/sessions DESTINATION ${suite} USE_SOURCE_PERMISSIONS)
# The list of deviations, where the suite looks for it: at ../protocol, as in the source tree.
install(FILES ${CMAKE_CURRENT_LIST_DIR}/../protocol/README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/paned/protocol)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/paned-conformance.1 TYPE MAN RENAME man1/paned-conformance.1)

# A relative link: Python finds the packages beside the file it leads to, wherever the tree is moved.
file(RELATIVE_PATH program ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_DATADIR}/paned/conformance/paned-conformance)
set(link ${CMAKE_BINARY_DIR}/conformance/installed/paned-conformance)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/conformance/installed)
file(CREATE_LINK ${program} ${link} SYMBOLIC)
install(FILES ${link} TYPE BIN)
