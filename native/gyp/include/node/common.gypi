# node-gyp wants Node's headers before it does anything; our only target runs CMake and needs none.
# package.json (config.node_gyp_nodedir) points it here, which spares the download.
{}
