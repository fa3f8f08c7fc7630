# node-gyp and prebuildify enter here; CMakeLists.txt is the only build description.
{
  'targets': [{
    'target_name': 'gemmnet_cmake',
    'type': 'none',
    'actions': [{
      'action_name': 'cmake',
      'message': 'CMakeLists.txt, through cmake-js',
      'inputs': ['CMakeLists.txt'],
      # Never made, so that the action always runs: CMake knows better what is out of date.
      'outputs': ['<(PRODUCT_DIR)/always-run'],
      'action': ['node', 'native/build.cjs', '--dest=<(PRODUCT_DIR)']
    }]
  }]
}
